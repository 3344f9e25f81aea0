#include "door/cli/inspector.h"

#include "flow/inspectors.h"

err cli_inspectors(struct cli *cli, struct inspectors **out)
{
	const struct config *config = NULL;

	if (cli->config_path)
		TRY(cli_config(cli, &config));
	return flow_inspectors(config, out, &cli->fault);
}

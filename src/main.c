#include "door/cli/cli.h"

#include <string.h>

/* Lambda starts a program of this name, and gives it no arguments. */
static int is_bootstrap(int argc, char **argv)
{
	const char *slash = argc == 1 ? strrchr(argv[0], '/') : NULL;

	return argc == 1 && strcmp(slash ? slash + 1 : argv[0], "bootstrap") == 0;
}

int main(int argc, char **argv)
{
	static char name[] = "letterlock", command[] = "lambda";
	static char *as_function[] = { name, command, NULL };

	if (is_bootstrap(argc, argv))
		return cli_main(2, as_function);
	return cli_main(argc, argv);
}

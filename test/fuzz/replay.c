/* Replays files through a fuzz target, so that each seed and each past finding is tried in every ordinary run. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (!f || fseek(f, 0, SEEK_END))
			return perror(argv[i]), 1;
		size_t size = (size_t)ftell(f);
		uint8_t *data = malloc(size + 1);
		rewind(f);
		if (!data || fread(data, 1, size, f) != size)
			return perror(argv[i]), 1;
		fclose(f);
		/* An exact allocation, so that the sanitizer sees a read one byte too far. */
		uint8_t *exact = realloc(data, size ? size : 1);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	printf("%d seeds replayed\n", argc - 1);
	return 0;
}

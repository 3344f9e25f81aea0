/* The peer: libzip, as its manual shows it. bench-libzip LEVEL PASSWORD OUTDIR < names of files: an AES-256 zip each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

static int seal(const char *path, const char *outdir, const char *password, unsigned level)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char out[4096];
	int error = 0;

	snprintf(out, sizeof out, "%s/%s.zip", outdir, name);
	zip_t *archive = zip_open(out, ZIP_CREATE | ZIP_TRUNCATE, &error);
	zip_source_t *document = archive ? zip_source_file(archive, path, 0, -1) : NULL;
	zip_int64_t entry = document ? zip_file_add(archive, name, document, ZIP_FL_ENC_UTF_8) : -1;

	return entry < 0 || zip_set_file_compression(archive, (zip_uint64_t)entry, ZIP_CM_DEFLATE, level) ||
	       zip_file_set_encryption(archive, (zip_uint64_t)entry, ZIP_EM_AES_256, password) || zip_close(archive);
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc != 4)
		return 2;
	while (fgets(path, sizeof path, stdin)) {
		path[strcspn(path, "\n")] = 0;
		if (seal(path, argv[3], argv[2], (unsigned)atoi(argv[1]))) {
			fprintf(stderr, "%s: libzip failed\n", path);
			return 1;
		}
	}
	return 0;
}

/* Functions that invite faults are compile errors: unbounded copies, hidden static state, locale-dependent
 * parsing, silent failure. Force-included into every file of src/. */
#ifndef LETTERLOCK_BASE_FORBID_H
#define LETTERLOCK_BASE_FORBID_H

/* The system headers that declare them must come before the ban. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* clang fortifies them by macros of the same name. */
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef gets
#undef alloca
#undef isalpha
#undef isdigit
#undef isalnum
#undef isspace
#undef isupper
#undef islower
#undef isxdigit

/* OpenSSL's headers have parameters of these names, so the words themselves cannot be banned. */
extern int rand(void) __attribute__((unavailable("chance comes from a struct entropy")));
extern long random(void) __attribute__((unavailable("chance comes from a struct entropy")));

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r
#pragma GCC poison atoi atol atoll atof gets alloca
#pragma GCC poison localtime localtime_r gmtime gmtime_r mktime ctime asctime
#pragma GCC poison srand srandom drand48
#pragma GCC poison tmpnam tempnam mktemp system popen
#pragma GCC poison isalpha isdigit isalnum isspace isupper islower isxdigit

#endif

#include "crypt/ae2_paths.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <pthread.h>

/* Asked once: under a hypervisor every cpuid is a long way round. Leaf 7 names the extensions compilers do not all know
 * by name. Whether the kernel saves the wide registers is what __builtin_cpu_supports("avx512f") looks at besides, so
 * VAES is only believed together with it. */
static bool has_sha, has_aes, has_vaes;
static pthread_once_t asked = PTHREAD_ONCE_INIT;

static void ask(void)
{
	unsigned eax, ebx = 0, ecx = 0, edx;

	if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
		has_sha = (ebx & 1u << 29) && __builtin_cpu_supports("sse4.1");
		has_vaes = (ecx & 1u << 9) && __builtin_cpu_supports("avx512f");
	}
	has_aes = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & 1u << 25);
}

static bool answer(const bool *has)
{
	(void)pthread_once(&asked, ask);
	return *has;
}

bool cpu_has_avx512(void)
{
	return __builtin_cpu_supports("avx512f");
}
bool cpu_has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
bool cpu_has_sha(void)
{
	return answer(&has_sha);
}
bool cpu_has_aes(void)
{
	return answer(&has_aes);
}
bool cpu_has_vaes(void)
{
	return answer(&has_vaes);
}

#else

bool cpu_has_avx512(void)
{
	return false;
}
bool cpu_has_avx2(void)
{
	return false;
}
bool cpu_has_sha(void)
{
	return false;
}
bool cpu_has_aes(void)
{
	return false;
}
bool cpu_has_vaes(void)
{
	return false;
}

#endif

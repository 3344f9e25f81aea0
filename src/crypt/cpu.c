#include "crypt/ae2_paths.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* Leaf 7 names the extensions compilers do not all know by name. Whether the kernel saves the wide registers is
 * what __builtin_cpu_supports("avx512f") looks at besides, so VAES is only believed together with it. */
static bool leaf7(unsigned ebx_bit, unsigned ecx_bit)
{
	unsigned eax, ebx = 0, ecx = 0, edx;

	if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
		return false;
	return (ebx & ebx_bit) == ebx_bit && (ecx & ecx_bit) == ecx_bit;
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
	return leaf7(1u << 29, 0) && __builtin_cpu_supports("sse4.1");
}
bool cpu_has_aes(void)
{
	unsigned eax, ebx, ecx = 0, edx;
	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & 1u << 25);
}
bool cpu_has_vaes(void)
{
	return leaf7(0, 1u << 9) && cpu_has_avx512();
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

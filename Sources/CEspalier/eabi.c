/* On 32-bit Arm the compiler calls the run-time ABI's own names for clearing, setting, copying and moving memory.
 * Here they lead to memset, memcpy and memmove, so that the core asks firmware for these three only.
 * Weak: a C library that has better ones wins. Source: "Run-time ABI for the Arm Architecture", section 4.3.4. */
#if defined(__arm__)

/* Reached by their symbol, and not as the built-ins they are: those would come back here. */
extern void *plain_memset(void *, int, __SIZE_TYPE__) __asm__("memset");
extern void *plain_memcpy(void *, const void *, __SIZE_TYPE__) __asm__("memcpy");
extern void *plain_memmove(void *, const void *, __SIZE_TYPE__) __asm__("memmove");

#define SAME_AS(name) __attribute__((weak, alias(#name)))

__attribute__((weak, no_builtin)) void __aeabi_memset(void *target, __SIZE_TYPE__ count, int value) {
    plain_memset(target, value, count);
}
__attribute__((weak, no_builtin)) void __aeabi_memclr(void *target, __SIZE_TYPE__ count) {
    plain_memset(target, 0, count);
}
__attribute__((weak, no_builtin)) void __aeabi_memcpy(void *target, const void *source, __SIZE_TYPE__ count) {
    plain_memcpy(target, source, count);
}
__attribute__((weak, no_builtin)) void __aeabi_memmove(void *target, const void *source, __SIZE_TYPE__ count) {
    plain_memmove(target, source, count);
}

/* The variants for four- and eight-byte alignment. */
void __aeabi_memset4(void *, __SIZE_TYPE__, int) SAME_AS(__aeabi_memset);
void __aeabi_memset8(void *, __SIZE_TYPE__, int) SAME_AS(__aeabi_memset);
void __aeabi_memclr4(void *, __SIZE_TYPE__) SAME_AS(__aeabi_memclr);
void __aeabi_memclr8(void *, __SIZE_TYPE__) SAME_AS(__aeabi_memclr);
void __aeabi_memcpy4(void *, const void *, __SIZE_TYPE__) SAME_AS(__aeabi_memcpy);
void __aeabi_memcpy8(void *, const void *, __SIZE_TYPE__) SAME_AS(__aeabi_memcpy);
void __aeabi_memmove4(void *, const void *, __SIZE_TYPE__) SAME_AS(__aeabi_memmove);
void __aeabi_memmove8(void *, const void *, __SIZE_TYPE__) SAME_AS(__aeabi_memmove);

#else

/* Elsewhere the compiler uses memset, memcpy and memmove themselves. */
typedef int espalier_eabi_is_not_needed_here;

#endif

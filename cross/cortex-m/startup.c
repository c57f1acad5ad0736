/* Start-up of a Cortex-M image under semihosting: memory, floating point, main, exit; and what newlib needs to print. */
#include <stddef.h>
#include <stdint.h>

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
extern int main(void);

static int semihost(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void _exit(int status);
void _exit(int status) {
    const uint32_t block[2] = {0x20026u, (uint32_t)status}; /* ADP_Stopped_ApplicationExit */
    semihost(0x20, block);                        /* SYS_EXIT_EXTENDED */
    for (;;) {
    }
}

void reset(void);
void fault(void);

void reset(void) {
    const uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end;) *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: floating point on */
    __asm__ volatile("dsb\n\tisb");
#endif
    _exit(main());
}

void fault(void) {
    semihost(0x04, "fault\n"); /* SYS_WRITE0 */
    _exit(99);
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[7] = {
    (uintptr_t)&stack_top, (uintptr_t)reset, (uintptr_t)fault, (uintptr_t)fault,
    (uintptr_t)fault,      (uintptr_t)fault, (uintptr_t)fault,
};

/* newlib's way to the console: one line at a time through SYS_WRITE0. */
int _write(int file, const char *text, int length);
int _write(int file, const char *text, int length) {
    char line[65];
    (void)file;
    for (int done = 0; done < length;) {
        int part = 0;
        while (part < 64 && done < length) line[part++] = text[done++];
        line[part] = 0;
        semihost(0x04, line);
    }
    return length;
}

extern char heap_start;
void *_sbrk(ptrdiff_t bytes);
void *_sbrk(ptrdiff_t bytes) {
    static char *end = &heap_start;
    char *start = end;
    end += bytes;
    return start;
}
int _close(int file);
int _close(int file) { return (void)file, -1; }
int _lseek(int file, int offset, int origin);
int _lseek(int file, int offset, int origin) { return (void)file, (void)offset, (void)origin, 0; }
int _read(int file, char *text, int length);
int _read(int file, char *text, int length) { return (void)file, (void)text, (void)length, 0; }
int _fstat(int file, void *status);
int _fstat(int file, void *status) { return (void)file, (void)status, -1; }
int _isatty(int file);
int _isatty(int file) { return (void)file, 1; }

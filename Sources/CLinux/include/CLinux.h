/* The system calls the Linux room needs, where Embedded Swift has no module for the C library.
 *
 * Each returns 0, or the errno of the call that failed. On a target without an operating system there are
 * none of them: nothing that runs there links this room.
 */
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>

/* ESPALIER_END: the other side has closed the stream in the middle of what was to be read. */
#define ESPALIER_END (-1)

/* Reads exactly `count` bytes, waiting for them. */
int32_t espalier_read(int32_t descriptor, void *bytes, intptr_t count);

/* Writes exactly `count` bytes; a reader that is gone is an error, not a signal, where it is a socket. */
int32_t espalier_write(int32_t descriptor, const void *bytes, intptr_t count);

/* Nanoseconds of CLOCK_MONOTONIC: real time, for measurements. */
int64_t espalier_monotonic_nanoseconds(void);

/* Writes a text, which ends with a zero, to standard error. */
void espalier_complain(const char *text);

/* Writes to the standard output, without waiting for a reader. */
void espalier_print(const char *text, int32_t bytes);

/* The exit status of a program that ends well otherwise: 1 where something could not be printed. */
int32_t espalier_print_status(void);

#endif

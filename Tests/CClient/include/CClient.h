/* A firmware program in C, as a test: it runs a hand-written model through espalier.h and nothing else. */
#ifndef C_CLIENT_H
#define C_CLIENT_H

/* Runs every check. NULL when all hold, else the text of the first that does not. */
const char *client_first_failure(void);

#endif

/* unique.h - names for what a database tells apart. Threads: any. */
#ifndef RH_STORE_UNIQUE_H
#define RH_STORE_UNIQUE_H

enum { STORE_UNIQUE_LEN = 16 };

/* One of hexadecimal digits that nothing else has. */
void store_unique(char out[STORE_UNIQUE_LEN + 1]);

#endif

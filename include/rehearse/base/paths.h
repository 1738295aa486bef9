/* paths.h - files that lie beside the program. Threads: any. */
#ifndef RH_PATHS_H
#define RH_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/* "<folder of the running program>/<name>" into `buf`; false if that is too long or unknown. */
bool rh_beside_program(const char *name, char *buf, size_t size);

/* The practice page's folder: beside the program, in the source tree above build/, or where
 * an installation has it. False: in none of them ("" in `buf`). */
bool rh_web_dir(char *buf, size_t size);

#endif

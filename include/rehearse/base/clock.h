/* clock.h - time. Threads: any. */
#ifndef RH_CLOCK_H
#define RH_CLOCK_H

#include <stdint.h>

int64_t rh_now_us(void);         /* monotonic, microseconds from an arbitrary start */
double rh_unix_time(void);       /* seconds since 1970, wall clock, of whole microseconds: 16 digits tell it exactly */
int64_t rh_process_cpu_us(void); /* CPU time of the whole process */

#endif

/* cache.h - the folder of compiled networks, for several programs at once. OpenVINO writes its files
 * in place and maps them when it reads: who reads one that is being written, or one whose writer was
 * killed, gets SIGBUS. So one program at a time compiles or loads from the folder, and files that a
 * killed one may have left unfinished go. Threads: any. */
#ifndef RH_NN_CACHE_H
#define RH_NN_CACHE_H

/* Waits for others. What it gives goes to rh_nn_cache_leave(); -1 where the folder takes no file, and nothing
 * is locked. */
int rh_nn_cache_enter(const char *dir);
void rh_nn_cache_leave(const char *dir, int lock);

#endif

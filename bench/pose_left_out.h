/* pose_left_out.h - tables of the head pose learned without one person each (bench/pose_left_out.txt). */
#ifndef RH_BENCH_POSE_LEFT_OUT_H
#define RH_BENCH_POSE_LEFT_OUT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "vision/head_pose_internal.h"

static struct {
    char person[8];
    rh_pose_table table;
} pose_tables[64];
static int n_pose_tables;

static inline void read_pose_tables(const char *path)
{
    FILE *f = fopen(path, "r");
    while (f && n_pose_tables < 64 && fscanf(f, "%7s", pose_tables[n_pose_tables].person) == 1) {
        rh_pose_table *t = &pose_tables[n_pose_tables].table;
        bool ok = true;
        for (int i = 0; i < RH_POSE_POLY; i++)
            ok = fscanf(f, "%f", &t->yaw[i]) == 1 && ok;
        for (int i = 0; i < RH_POSE_POLY; i++)
            ok = fscanf(f, "%f", &t->pitch[i]) == 1 && ok;
        for (int i = 0; i < RH_POSE_POLY; i++)
            ok = fscanf(f, "%f", &t->hint[i]) == 1 && ok;
        for (int i = 0; i < RH_POSE_REST; i++) {
            t->rest[i].point = rh_learned_pose.rest[i].point;
            for (int k = 0; k < 3; k++)
                ok = fscanf(f, "%f", &t->rest[i].weight[k]) == 1 && ok;
        }
        if (!ok)
            break;
        n_pose_tables++;
    }
    if (f)
        fclose(f);
}

/* Persons the table was not learned from are left out by nature. */
static inline const rh_pose_table *pose_table_without(const char *person)
{
    for (int i = 0; i < n_pose_tables; i++)
        if (strcmp(pose_tables[i].person, person) == 0)
            return &pose_tables[i].table;
    return &rh_learned_pose;
}

#endif

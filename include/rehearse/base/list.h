/* list.h - singly linked lists through the items' `next`. */
#ifndef RH_LIST_H
#define RH_LIST_H

/* Takes `item` out of the list that begins at `head`; it need not be in it. */
#define RH_LIST_REMOVE(type, head, item)         \
    do {                                         \
        type **rh_at = &(head);                  \
        while (*rh_at && *rh_at != (item))       \
            rh_at = &(*rh_at)->next;             \
        if (*rh_at)                              \
            *rh_at = (item)->next;               \
    } while (0)

#endif

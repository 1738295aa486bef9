/* asked.h - what a question asks about, and whether an answer speaks of it.
 *
 * A question has one or more topics by its words; each topic has the words that answers to such questions are made of
 * (beginnings of words: "conflict" is also "conflicting"). Words of the question itself count too. */
#ifndef RH_SPEECH_ASKED_H
#define RH_SPEECH_ASKED_H

#include "language_internal.h"

/* How many different words of the question and its topics the answer holds; without a question: of
 * all topics, for any interview. */
int rh_topic_hits(const rh_key *keys, size_t n, const char *question);
/* Plainly about something else: the question's topic is known, and 40 words and more have no rh_topic_hits(). */
bool rh_is_off_question(const rh_key *keys, size_t n, const char *question);
/* "Tell me about a time ...": wants situation, deed and result. */
bool rh_asks_for_story(const char *question, const char *kind);

#endif

/* mel_filters.h - the mel filter bank of Whisper: in its model files, and for other models that hear as it does.
 * Threads: any. */
#ifndef RH_MEL_FILTERS_H
#define RH_MEL_FILTERS_H

enum { RH_MEL_BINS = 201 }; /* of a 400-point transform */

/* n_mels triangles over 0..8000 Hz at 16 kHz: filters[n_mels][RH_MEL_BINS],
 * value for value those in openai-whisper's mel_filters.npz (80 and 128). */
void rh_mel_filters(int n_mels, float *filters);

#endif

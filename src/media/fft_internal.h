/* fft_internal.h - complex FFT of 512 points, in place, for the pitch track.
 *
 * Forward only: the spectra it is used on are real and even, whose inverse is
 * the forward transform over 512. Radix 2, decimation in time. */
#ifndef RH_FFT_INTERNAL_H
#define RH_FFT_INTERNAL_H

enum { RH_FFT_N = 512, RH_FFT_LOG2 = 9 };

typedef struct {
    float cos_[RH_FFT_N / 2], sin_[RH_FFT_N / 2]; /* twiddles, stage by stage from the widest */
    unsigned short swap[RH_FFT_N];
} rh_fft;

void rh_fft_init(rh_fft *f);
void rh_fft_run(const rh_fft *f, float *re, float *im);

#endif

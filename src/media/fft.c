#include "fft_internal.h"

#include <math.h>

void rh_fft_init(rh_fft *f)
{
    const double pi = 3.14159265358979323846;
    for (int i = 0; i < RH_FFT_N / 2; i++) {
        double a = -2.0 * pi * i / RH_FFT_N;
        f->cos_[i] = (float)cos(a);
        f->sin_[i] = (float)sin(a);
    }
    for (unsigned i = 0; i < RH_FFT_N; i++) {
        unsigned r = 0;
        for (unsigned b = 0; b < RH_FFT_LOG2; b++)
            r |= ((i >> b) & 1u) << (RH_FFT_LOG2 - 1 - b);
        f->swap[i] = (unsigned short)r;
    }
}

static void bit_reverse(const rh_fft *f, float *x)
{
    for (int i = 0; i < RH_FFT_N; i++) {
        int j = f->swap[i];
        if (j > i) {
            float t = x[i];
            x[i] = x[j];
            x[j] = t;
        }
    }
}

void rh_fft_run(const rh_fft *f, float *re, float *im)
{
    bit_reverse(f, re);
    bit_reverse(f, im);
    for (int half = 1; half < RH_FFT_N; half *= 2) {
        int step = RH_FFT_N / (2 * half);
        for (int base = 0; base < RH_FFT_N; base += 2 * half) {
            float *ar = re + base, *ai = im + base, *br = ar + half, *bi = ai + half;
            for (int k = 0; k < half; k++) {
                float c = f->cos_[k * step], s = f->sin_[k * step];
                float tr = br[k] * c - bi[k] * s, ti = br[k] * s + bi[k] * c;
                br[k] = ar[k] - tr;
                bi[k] = ai[k] - ti;
                ar[k] += tr;
                ai[k] += ti;
            }
        }
    }
}

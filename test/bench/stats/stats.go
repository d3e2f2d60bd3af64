// Package stats reduces the samples of a measurement to the few figures that are printed. It is pure.
package stats

import (
	"math"
	"slices"
)

// Summary describes a set of samples, in the unit of the samples.
type Summary struct {
	Runs int     `json:"runs"`
	P10  float64 `json:"p10"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
}

// Summarize returns the percentiles of samples. It does not change samples. Without samples all
// percentiles are NaN.
func Summarize(samples []float64) Summary {
	sorted := slices.Sorted(slices.Values(samples))
	return Summary{
		Runs: len(sorted),
		P10:  percentile(sorted, 10),
		P50:  percentile(sorted, 50),
		P90:  percentile(sorted, 90),
	}
}

// Median returns the 50th percentile, or NaN without samples.
func Median(samples []float64) float64 {
	return percentile(slices.Sorted(slices.Values(samples)), 50)
}

// percentile interpolates between the two samples next to the rank. So the median of an even number of
// samples is the mean of the middle two.
func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	rank := p / 100 * float64(len(sorted)-1)
	low := int(math.Floor(rank))
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (rank-float64(low))*(sorted[high]-sorted[low])
}

// Ratio returns value/base. It returns NaN if base is 0, or if either is NaN.
func Ratio(value, base float64) float64 {
	if base == 0 || math.IsNaN(base) || math.IsNaN(value) {
		return math.NaN()
	}
	return value / base
}

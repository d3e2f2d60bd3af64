// Package stats reduces the samples of a measurement to the few figures that are printed.
//
// It is pure and keeps no state.
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

// Summarize sorts a copy of the samples and reads the percentiles off it. Without samples
// all percentiles are NaN.
func Summarize(samples []float64) Summary {
	sorted := slices.Sorted(slices.Values(samples))
	return Summary{
		Runs: len(sorted),
		P10:  percentile(sorted, 10),
		P50:  percentile(sorted, 50),
		P90:  percentile(sorted, 90),
	}
}

// Median is the 50th percentile.
func Median(samples []float64) float64 {
	return percentile(slices.Sorted(slices.Values(samples)), 50)
}

// percentile interpolates between the two samples next to the rank, so that the median of an
// even number of samples is the mean of the middle two.
func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	rank := p / 100 * float64(len(sorted)-1)
	low := int(math.Floor(rank))
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (rank-float64(low))*(sorted[high]-sorted[low])
}

// Ratio is value in units of base, NaN when there is no such thing.
func Ratio(value, base float64) float64 {
	if base == 0 || math.IsNaN(base) || math.IsNaN(value) {
		return math.NaN()
	}
	return value / base
}

package stats

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestSummarize: the median and the tenth and ninetieth percentiles are interpolated, whatever the
// order of the samples.
func TestSummarize(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	tests := []struct {
		name    string
		samples []float64
		want    Summary
	}{
		{"none", nil, Summary{0, nan, nan, nan}},
		{"one", []float64{7}, Summary{1, 7, 7, 7}},
		{"two", []float64{10, 0}, Summary{2, 1, 5, 9}},
		{"unsorted odd", []float64{3, 1, 2}, Summary{3, 1.2, 2, 2.8}},
		{"even", []float64{4, 1, 3, 2}, Summary{4, 1.3, 2.5, 3.7}},
		{"eleven", []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Summary{11, 1, 5, 9}},
		{"outlier", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1000}, Summary{11, 1, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Summarize(tt.samples)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Errorf("Summarize(%v) (-want +got):\n%s", tt.samples, diff)
			}
		})
	}
}

// TestSummarizeKeepsTheOrderOfItsInput: the samples are not changed.
func TestSummarizeKeepsTheOrderOfItsInput(t *testing.T) {
	t.Parallel()
	samples := []float64{3, 1, 2}
	Summarize(samples)
	Median(samples)
	if diff := cmp.Diff([]float64{3, 1, 2}, samples); diff != "" {
		t.Errorf("samples were changed (-want +got):\n%s", diff)
	}
}

// TestRatio: a ratio without a value or a base is not a number.
func TestRatio(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		value, base float64
		want        float64
	}{
		{"half", 5, 10, 0.5},
		{"seven times", 70, 10, 7},
		{"no base", 5, math.NaN(), math.NaN()},
		{"no value", math.NaN(), 5, math.NaN()},
		{"zero base", 5, 0, math.NaN()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Ratio(tt.value, tt.base); !cmp.Equal(got, tt.want, cmpopts.EquateNaNs()) {
				t.Errorf("Ratio(%v, %v) = %v, want %v", tt.value, tt.base, got, tt.want)
			}
		})
	}
}

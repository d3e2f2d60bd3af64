//go:build nest

package units_test

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkScope: a scope's start, and its stop after its process ended, take this long. They are
// measured back to back, with a life too short for cgroup.events, settled, and after a quiet time.
func BenchmarkScope(b *testing.B) {
	for _, c := range []struct {
		name         string
		quiet, alive time.Duration
	}{
		{"short", 0, 0},
		{"settled", 0, 30 * time.Millisecond},
		{"cold", 400 * time.Millisecond, 30 * time.Millisecond},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := connect(b)
			var starts, stops []time.Duration
			for b.Loop() {
				sleep := spawn(b, "sleep", "100")
				time.Sleep(c.quiet)
				starts = append(starts, took(b, func() error {
					_, err := h.client.Start(b.Context(), scope(sleep))
					return err
				}))
				time.Sleep(c.alive)
				end(sleep)
				stops = append(stops, took(b, func() error { return h.client.Stop(b.Context(), "machine-test.scope") }))
			}
			report(b, "start", starts)
			report(b, "stop", stops)
		})
	}
}

func took(b *testing.B, f func() error) time.Duration {
	b.Helper()
	began := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

func report(b *testing.B, what string, times []time.Duration) {
	b.Helper()
	slices.Sort(times)
	for _, p := range []struct {
		name string
		part int
	}{{"p50", 50}, {"p90", 90}} {
		b.ReportMetric(times[len(times)*p.part/100].Seconds()*1000, what+"-"+p.name+"-ms")
	}
}

package cli

import (
	"context"
	"strings"

	"github.com/berthd/berth/internal/client"
)

func (f *fake) Watch(_ context.Context, signals ...string) (<-chan client.Event, error) {
	err := f.call("Watch", strings.Join(signals, " "))
	events := make(chan client.Event)
	go func() {
		for _, e := range f.happens {
			for _, s := range signals {
				if s == e.Signal {
					events <- e
				}
			}
		}
		f.told()
		if f.lost {
			close(events)
		}
	}()
	return events, err
}

func (f *fake) Hostname(context.Context) (string, error) {
	return "host.example", f.call("Hostname", "")
}

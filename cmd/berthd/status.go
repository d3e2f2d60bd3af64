package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/berthd/berth/service"
)

// statusPause is how long a status waits for the changes that follow: systemd is busy while containers start.
const statusPause = time.Second

// reportStatus tells systemd how many containers there are, a moment after they change, until ctx ends.
func reportStatus(ctx context.Context, changed <-chan struct{}, counts func() map[service.State]int, tell func(state string)) {
	said := ""
	for {
		if now := status(counts()); now != said {
			tell("STATUS=" + now)
			said = now
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(statusPause):
		}
	}
}

// status is what systemctl status shows.
func status(counts map[service.State]int) string {
	var parts []string
	for _, st := range service.States() {
		if n := counts[st]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, st))
		}
	}
	if len(parts) == 0 {
		return "No containers."
	}
	return "Containers: " + strings.Join(parts, ", ") + "."
}

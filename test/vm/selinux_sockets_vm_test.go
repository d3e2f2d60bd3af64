//go:build vm

package vm

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
)

// TestSocketsEnforced: berthd takes connections of the sockets that systemd opens for it while SELinux enforces.
func TestSocketsEnforced(t *testing.T) {
	for unit, path := range map[string]string{"berth-metrics.socket": "/run/berth-metrics.sock"} {
		t.Run(unit, func(t *testing.T) {
			// systemd opens no socket of a service that runs.
			run(t, "systemctl", "stop", "berthd.service")
			run(t, "systemctl", "start", unit)
			t.Cleanup(func() {
				run(t, "systemctl", "stop", unit)
				run(t, "systemctl", "restart", "berthd.service")
			})
			client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", path)
			}}}
			defer client.CloseIdleConnections()
			answer, err := client.Get("http://berth/metrics")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = answer.Body.Close() }()
			text, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != http.StatusOK || !bytes.Contains(text, []byte("berth_")) {
				t.Errorf("%s, %v:\n%s", answer.Status, err, text)
			}
		})
	}
}

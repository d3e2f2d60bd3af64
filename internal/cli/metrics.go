package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// metricsSocket is what berth-metrics.socket listens on.
const metricsSocket = "/run/berth-metrics.sock"

func (a *app) metricsCommand() *cobra.Command {
	var open bool
	socket := metricsSocket
	cmd := &cobra.Command{Use: "metrics", Short: "Print the metrics of all containers, for Prometheus", Args: noOperand}
	cmd.Flags().BoolVar(&open, "openmetrics", false, "print them as OpenMetrics 1.0")
	cmd.Flags().StringVar(&socket, "socket", metricsSocket, "read them from this `FILE`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		accept := "text/plain"
		if open {
			accept = "application/openmetrics-text"
		}
		err := scrape(cmd.Context(), socket, accept, a.out)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("metrics are switched off: berth-metrics.socket does not listen on %s, see berthd(8)", socket)
		}
		return err
	}
	return cmd
}

// scrape copies what the daemon serves on its socket.
func scrape(ctx context.Context, socket, accept string, out io.Writer) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := fmt.Fprintf(conn, "GET /metrics HTTP/1.1\r\nHost: berth\r\nAccept: %s\r\nConnection: close\r\n\r\n", accept); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	status, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	for line := status; line != "\r\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			return err
		}
	}
	if status = strings.TrimSpace(status); !strings.HasSuffix(status, " 200 OK") {
		return fmt.Errorf("%s: berthd answers %q", socket, status)
	}
	_, err = io.Copy(out, in)
	return err
}

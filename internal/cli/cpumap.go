package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/numberset"
)

// cpuMap is the output of nodecpumap --json.
type cpuMap struct {
	Present int   `json:"present"`
	Online  []int `json:"online"`
}

func (a *app) cpuMapCommand() *cobra.Command {
	var pretty, asJSON bool
	cmd := &cobra.Command{Use: "nodecpumap", Short: "Print which processors of the host run"}
	cmd.Flags().BoolVar(&pretty, "pretty", false, "print their numbers")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.nodeCommand(cmd, func(ctx context.Context, d Daemon) error {
		n, err := d.NodeInfo(ctx)
		if err != nil {
			return err
		}
		online, present := numberset.Numbers(n.Online), numberset.Numbers(n.Present)
		switch {
		case len(present) == 0:
			return errors.New("this berthd has no map of processors")
		case asJSON:
			return a.printJSON(cpuMap{len(present), online})
		}
		text := string(numberset.Of(online))
		if !pretty {
			text = flags(online, present)
		}
		for _, line := range []line{{"CPUs present", strconv.Itoa(len(present))}, {"CPUs online", strconv.Itoa(len(online))}, {"CPU map", text}} {
			fmt.Fprintf(a.out, "%-15s %s\n", line.label+":", line.text)
		}
		return nil
	})
}

// flags returns a y for each number that is in, and a dash for each other one.
func flags(in, all []int) string {
	text := []byte(strings.Repeat("-", all[len(all)-1]+1))
	for _, n := range in {
		if n < len(text) {
			text[n] = 'y'
		}
	}
	return string(text)
}

package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// selection holds the options of list.
type selection struct {
	all, inactive                   bool
	running, paused, shutoff, other bool
	persistent, transient           bool
	name, uuid, id, table, json     bool
}

func (a *app) listCommand() *cobra.Command {
	var s selection
	cmd := &cobra.Command{Use: "list", Short: "List containers, by default the active ones", Args: noOperand}
	for _, f := range []struct {
		to          *bool
		name, about string
	}{
		{&s.all, "all", "list active and inactive containers"},
		{&s.inactive, "inactive", "list inactive containers"},
		{&s.running, "state-running", "list running containers"},
		{&s.paused, "state-paused", "list paused containers"},
		{&s.shutoff, "state-shutoff", "list containers that are shut off"},
		{&s.other, "state-other", "list containers that are starting or stopping"},
		{&s.persistent, "persistent", "list containers with a stored definition"},
		{&s.transient, "transient", "list containers without a stored definition"},
		{&s.uuid, "uuid", "print uuids only"},
		{&s.name, "name", "print names only"},
		{&s.id, "id", "print ids only"},
		{&s.table, "table", "print a table (default)"},
		{&s.json, "json", "print JSON"},
	} {
		cmd.Flags().BoolVar(f.to, f.name, false, f.about)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		for _, column := range []string{"name", "uuid", "id"} {
			if err := exclusive(cmd, "table", "json", column); err != nil {
				return err
			}
		}
		ctx := cmd.Context()
		d, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		rows, err := s.read(ctx, d)
		if err != nil {
			return err
		}
		return a.printList(rows, s)
	}
	return cmd
}

// read asks for the containers and sorts them as virsh does: active ones by id, then the others by name.
func (s selection) read(ctx context.Context, d Daemon) ([]client.Summary, error) {
	rows, err := d.List(ctx, client.Filter{Persistent: s.persistence()})
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(row client.Summary) bool { return !s.shows(row.State) })
	slices.SortFunc(rows, func(a, b client.Summary) int {
		switch {
		case a.ID != 0 && b.ID != 0:
			return cmp.Compare(a.ID, b.ID)
		case a.ID != 0:
			return -1
		case b.ID != 0:
			return 1
		}
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return rows, nil
}

// persistence returns the filter of --persistent and --transient. Both together mean no filter.
func (s selection) persistence() *bool {
	if s.persistent == s.transient {
		return nil
	}
	return &s.persistent
}

// shows reports whether containers in a state are listed. An option such as --state-shutoff needs no
// --all or --inactive with it. --inactive still excludes active states.
func (s selection) shows(state string) bool {
	active := state != "shutoff"
	byState := s.running || s.paused || s.shutoff || s.other
	switch {
	case s.all:
	case s.inactive && active, !s.inactive && !byState && !active:
		return false
	}
	if !byState {
		return true
	}
	switch state {
	case "running":
		return s.running
	case "paused":
		return s.paused
	case "shutoff":
		return s.shutoff
	}
	return s.other
}

// listed is a row of list --json.
type listed struct {
	ID    *uint32 `json:"id"` // null if the container is shut off
	Name  string  `json:"name"`
	UUID  string  `json:"uuid"`
	State string  `json:"state"`
}

func (a *app) printList(rows []client.Summary, s selection) error {
	switch {
	case s.json:
		out := make([]listed, len(rows))
		for i, row := range rows {
			out[i] = listed{unlessZero(row.ID), row.Name, row.UUID, row.State}
		}
		return a.printJSON(out)
	case s.name || s.uuid || s.id:
		a.printWords(rows, s)
		return nil
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		cells[i] = []string{idText(row.ID), printable(row.Name), stateWord(row.State)}
	}
	if a.quiet {
		a.printRows(cells)
	} else {
		a.printTable([]string{"Id", "Name", "State"}, cells)
	}
	return nil
}

// printWords prints one container a line. Several columns are printed in virsh's order.
func (a *app) printWords(rows []client.Summary, s selection) {
	for _, row := range rows {
		var words []string
		if s.uuid {
			words = append(words, row.UUID)
		}
		if s.id {
			words = append(words, idText(row.ID))
		}
		if s.name {
			words = append(words, row.Name)
		}
		fmt.Fprintln(a.out, strings.Join(words, " "))
	}
}

func idText(id uint32) string {
	if id == 0 {
		return "-"
	}
	return strconv.FormatUint(uint64(id), 10)
}

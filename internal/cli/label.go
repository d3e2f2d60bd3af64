package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// labelled is the output of domlabel --json, and a part of that of dominfo --json. What a container does not have is
// null.
type labelled struct {
	Model      *string `json:"security_model"`
	Label      *string `json:"security_label"`
	ImageLabel *string `json:"image_label"`
	Enforcing  *bool   `json:"security_enforcing"`
}

func (a *app) labelCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "domlabel", Short: "Print the security label of a container"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		info, err := d.Info(ctx, t.path)
		if err != nil {
			return err
		}
		security, err := d.Security(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(labelOf(info, security))
		}
		list := securityLines(info, security)
		if len(list) == 0 {
			list = []line{{"Security model", security.Model}}
		}
		a.printLines(append(list, line{"Image label", printable(info.ImageLabel)}))
		return nil
	})
}

// securityLines returns virsh's lines about the host's labels, and that of the container. There are none if the host
// has no labels.
func securityLines(i client.Info, s client.Security) []line {
	if s.Model == "none" {
		return nil
	}
	list := []line{{"Security model", s.Model}, {"Security DOI", "0"}}
	if i.SecurityLabel != "" {
		mode := "permissive"
		if s.Enforcing {
			mode = "enforcing"
		}
		list = append(list, line{"Security label", printable(i.SecurityLabel) + " (" + mode + ")"})
	}
	return list
}

func labelOf(i client.Info, s client.Security) labelled {
	l := labelled{Label: unlessZero(i.SecurityLabel), ImageLabel: unlessZero(i.ImageLabel)}
	if s.Model != "none" {
		l.Model, l.Enforcing = &s.Model, &s.Enforcing
	}
	return l
}

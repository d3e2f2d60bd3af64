package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

func (f *fake) GetMetadata(_ context.Context, p client.Path, kind, uri string, o client.TuneOptions) (string, error) {
	if err := f.call("GetMetadata", strings.TrimSpace(kind+" "+uri+" "+tuning(o))); err != nil {
		return "", err
	}
	i := f.at(p)
	value := map[string]string{"title": i.Title, "description": i.Description}[kind]
	if uri == "urn:app" {
		value = "<owner since='2024'/>"
	}
	if value == "" {
		return "", &client.Error{Name: contract.ErrorNoSuchMetadata, Message: "cannot read the metadata of domain: no such metadata"}
	}
	return value, nil
}

func (f *fake) SetMetadata(_ context.Context, p client.Path, m client.Metadata, o client.TuneOptions) error {
	return f.call("SetMetadata", fmt.Sprintf("%s %v %s", f.at(p).Name, m, tuning(o)))
}

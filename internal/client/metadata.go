package client

import (
	"context"

	"github.com/berthd/berth/contract"
)

// Metadata is a value of a container's metadata: Kind is description, title or element; Key and URI are the prefix and
// the namespace of an element. An empty Value takes it away.
type Metadata struct{ Kind, Value, Key, URI string }

// SetMetadata changes metadata of the running container, of its stored definition, or of both.
func (c *Client) SetMetadata(ctx context.Context, p Path, m Metadata, o TuneOptions) error {
	return c.call(ctx, p, contract.ContainerInterface, "SetMetadata", []any{m.Kind, m.Value, m.Key, m.URI, o.options()})
}

// GetMetadata reads the Value of metadata, of the running container or of its stored definition. The error is named
// contract.ErrorNoSuchMetadata if there is none.
func (c *Client) GetMetadata(ctx context.Context, p Path, kind, uri string, o TuneOptions) (value string, err error) {
	err = c.call(ctx, p, contract.ContainerInterface, "GetMetadata", []any{kind, uri, o.options()}, &value)
	return value, err
}

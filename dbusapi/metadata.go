package dbusapi

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// metadataCore is what the API needs of the service for the metadata of containers.
type metadataCore interface {
	Metadata(u domain.UUID, kind domain.MetadataKind, uri string, o service.TuneOptions) (string, error)
	SetMetadata(ctx context.Context, u domain.UUID, m domain.Metadata, o service.TuneOptions) error
}

func metadataMethods() []*method {
	options := map[string]string{"live": "b", "config": "b"}
	return []*method{
		{
			name: "GetMetadata", in: "ssa{sv}", out: "s", action: contract.ActionRead, doing: "read the metadata of domain",
			options: options, run: getMetadata,
		},
		{
			name: "SetMetadata", in: "ssssa{sv}", action: contract.ActionManage, mutates: true, doing: "change the metadata of domain",
			options: options, limit: maxXMLArgs, run: setMetadata,
		},
	}
}

func getMetadata(_ context.Context, s *Server, c *call) ([]any, error) {
	kind, err := metadataKind(c)
	if err != nil {
		return nil, err
	}
	value, err := s.core.Metadata(c.uuid, kind, c.args[1].(string), tuneOptions(c))
	if err != nil {
		return nil, err
	}
	return []any{value}, nil
}

func setMetadata(ctx context.Context, s *Server, c *call) ([]any, error) {
	kind, err := metadataKind(c)
	if err != nil {
		return nil, err
	}
	m := domain.Metadata{Kind: kind, Value: c.args[1].(string), Key: c.args[2].(string), URI: c.args[3].(string)}
	return nil, s.core.SetMetadata(ctx, c.uuid, m, tuneOptions(c))
}

// metadataKind returns the first argument.
func metadataKind(c *call) (domain.MetadataKind, error) {
	kind := domain.MetadataKind(c.args[0].(string))
	if !kind.Known() {
		return "", stdError(contract.ErrorInvalidArgs, "%q is no kind of metadata: description, title or element", string(kind))
	}
	return kind, nil
}

// tuneOptions returns which definition a call is for.
func tuneOptions(c *call) service.TuneOptions {
	return service.TuneOptions{Live: option[bool](c, "live"), Config: option[bool](c, "config")}
}

// MetadataChanged implements service.Observer.
func (s *Signals) MetadataChanged(u domain.UUID, kind domain.MetadataKind, uri string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit(ContainerPath(u), contract.ContainerInterface, "MetadataChanged", string(kind), uri)
}

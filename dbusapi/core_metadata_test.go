package dbusapi

import (
	"context"
	"fmt"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

func (f *fakeCore) SetMetadata(ctx context.Context, u domain.UUID, m domain.Metadata, o service.TuneOptions) error {
	return f.change(ctx, "metadata", u, "", "", func(s *service.Snapshot) *service.Snapshot {
		s.Description = fmt.Sprint(m, o)
		return s
	})
}

func (f *fakeCore) Metadata(u domain.UUID, kind domain.MetadataKind, uri string, o service.TuneOptions) (string, error) {
	snap, err := f.ByUUID(u)
	if err == nil && kind == domain.MetadataTitle {
		err = service.ErrNoMetadata
	}
	return fmt.Sprint(snap.Description, " ", uri, " ", o), err
}

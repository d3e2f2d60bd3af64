package dbusapi

import (
	"context"
	"fmt"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

func (f *fakeCore) Unshift(ctx context.Context, u domain.UUID, o service.UnshiftOptions) (service.Unshifted, error) {
	return service.Unshifted{Path: "/srv/web", Files: 3, Changed: 2, Dropped: 1, DroppedExample: "/srv/x", From: o.From}, f.run(ctx, fmt.Sprintf("unshift %+v", o), u)
}

func (f *fakeCore) UnshiftPath(ctx context.Context, path string, o service.UnshiftOptions) (service.Unshifted, error) {
	return service.Unshifted{Path: path, Files: 3, Changed: 2, Dropped: 1, DroppedExample: "/srv/x", From: o.From}, f.run(ctx, fmt.Sprintf("unshift %+v", o), domain.UUID{})
}

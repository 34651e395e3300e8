package directory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"regexp"

	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/picture"
	"golang.org/x/image/draw"
)

// Limits of a picture that is handed in.
const (
	MaxAvatarBytes = 2 << 20
	avatarSize     = 256 // pixels of each side of what is kept
	avatarQuality  = 88
)

// Pictures is where avatars are kept.
type Pictures interface {
	Put(ctx context.Context, key, contentType string, r io.ReaderAt, size int64) error
	Get(ctx context.Context, key string) (io.ReadCloser, blob.Info, error)
}

// avatarName is the form of the names that SetAvatar gives.
var avatarName = regexp.MustCompile(`^[0-9a-f]{32}\.jpg$`)

// avatarPath is where the page gets a person's picture; empty without one.
func avatarPath(person kernel.ID, avatar string) string {
	if avatar == "" {
		return ""
	}
	return "/files/avatars/" + person.String() + "/" + avatar
}

// avatarKey is the picture's name in the bucket. It changes with the picture, so
// browsers may keep one for ever.
func avatarKey(person kernel.ID, avatar string) string {
	return "avatars/" + person.String() + "/" + avatar
}

// SetAvatar keeps a person's picture, made 256 pixels wide and high.
func (s *Service) SetAvatar(ctx context.Context, person kernel.ID, raw []byte, check checkVersion) error {
	made, err := makeAvatar(ctx, raw)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(made)
	name := hex.EncodeToString(sum[:16]) + ".jpg"
	return s.changePerson(ctx, person, check, func(ctx context.Context) error {
		if err := s.pictures.Put(ctx, avatarKey(person, name), "image/jpeg", bytes.NewReader(made), int64(len(made))); err != nil {
			return fmt.Errorf("keep the picture: %w", err)
		}
		return s.nameAvatar(ctx, person, name)
	})
}

// RemoveAvatar goes back to the last two characters of the name.
func (s *Service) RemoveAvatar(ctx context.Context, person kernel.ID, check checkVersion) error {
	return s.changePerson(ctx, person, check, func(ctx context.Context) error { return s.nameAvatar(ctx, person, "") })
}

func (s *Service) nameAvatar(ctx context.Context, person kernel.ID, name string) error {
	if _, err := s.db.Q(ctx).NewRaw(`UPDATE person SET avatar = ? WHERE id = ?`, nullText(name), person).Exec(ctx); err != nil {
		return fmt.Errorf("name the picture: %w", err)
	}
	return nil
}

// makeAvatar turns a picture into a square JPEG: its middle, upright, on white,
// without anything else that stood in the file (such as where a photo was taken).
func makeAvatar(ctx context.Context, raw []byte) ([]byte, error) {
	if len(raw) > MaxAvatarBytes {
		return nil, kernel.TooLarge("picture_too_large").With("max", MaxAvatarBytes)
	}
	var out bytes.Buffer
	err := picture.Decode(ctx, raw, func(p image.Image, lies int) error {
		square := image.NewRGBA(image.Rect(0, 0, avatarSize, avatarSize))
		draw.Draw(square, square.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.CatmullRom.Scale(square, square.Bounds(), p, middle(p.Bounds()), draw.Over, nil)
		if err := jpeg.Encode(&out, picture.Upright(square, lies), &jpeg.Options{Quality: avatarQuality}); err != nil {
			return fmt.Errorf("write the picture: %w", err)
		}
		return nil
	})
	return out.Bytes(), err
}

// middle is the largest square in the middle of bounds.
func middle(bounds image.Rectangle) image.Rectangle {
	side := min(bounds.Dx(), bounds.Dy())
	at := image.Pt(bounds.Min.X+(bounds.Dx()-side)/2, bounds.Min.Y+(bounds.Dy()-side)/2)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}
}

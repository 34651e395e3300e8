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
	_ "image/png" // avatars may be PNG
	"io"
	"regexp"

	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"golang.org/x/image/draw"
)

// Limits of a picture that is handed in.
const (
	MaxAvatarBytes  = 2 << 20
	avatarSize      = 256      // pixels of each side of what is kept
	maxAvatarPixels = 16 << 20 // of a photo: about 50 MB while it is decoded
	maxPlainPixels  = 6 << 20  // of a PNG, which may have eight bytes a pixel
	maxScans        = 40       // of a JPEG: each costs a pass over the whole picture
	avatarQuality   = 88
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
	picture, err := s.avatar(ctx, raw)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(picture)
	name := hex.EncodeToString(sum[:16]) + ".jpg"
	return s.changePerson(ctx, person, check, func(ctx context.Context) error {
		if err := s.pictures.Put(ctx, avatarKey(person, name), "image/jpeg", bytes.NewReader(picture), int64(len(picture))); err != nil {
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

// avatar decodes one picture at a time, so that several at once cannot take the
// program's memory.
func (s *Service) avatar(ctx context.Context, raw []byte) ([]byte, error) {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return makeAvatar(raw)
}

// makeAvatar turns a PNG or JPEG into a square JPEG: the middle of the picture,
// upright, on white, without anything else that stood in the file (such as where
// a photo was taken).
func makeAvatar(raw []byte) ([]byte, error) {
	if len(raw) > MaxAvatarBytes {
		return nil, kernel.TooLarge("picture_too_large").With("max", MaxAvatarBytes)
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || (format != "png" && format != "jpeg") {
		return nil, kernel.Invalid("picture_unreadable").Because(err)
	}
	limit := maxAvatarPixels
	if format == "png" {
		limit = maxPlainPixels
	}
	if config.Width < 1 || config.Height < 1 || config.Width > limit/config.Height {
		return nil, kernel.Invalid("picture_too_many_pixels").With("max", limit)
	}
	if format == "jpeg" && bytes.Count(raw, []byte{0xff, 0xda}) > maxScans {
		return nil, kernel.Invalid("picture_unreadable")
	}
	picture, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, kernel.Invalid("picture_unreadable").Because(err)
	}
	square := image.NewRGBA(image.Rect(0, 0, avatarSize, avatarSize))
	draw.Draw(square, square.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(square, square.Bounds(), picture, middle(picture.Bounds()), draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(square, orientation(raw)), &jpeg.Options{Quality: avatarQuality}); err != nil {
		return nil, fmt.Errorf("write the picture: %w", err)
	}
	return out.Bytes(), nil
}

// middle is the largest square in the middle of bounds.
func middle(bounds image.Rectangle) image.Rectangle {
	side := min(bounds.Dx(), bounds.Dy())
	at := image.Pt(bounds.Min.X+(bounds.Dx()-side)/2, bounds.Min.Y+(bounds.Dy()-side)/2)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}
}

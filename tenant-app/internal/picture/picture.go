// Package picture opens pictures that strangers handed in, within bounds, and makes
// smaller ones of them. What it makes holds nothing but the picture: not where a photo
// was taken. It stores nothing.
package picture

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // the first frame
	"image/jpeg"
	_ "image/png"
	"io"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

// Limits of a picture that is opened.
const (
	maxPhotoPixels = 25 << 20 // of a JPEG: about 80 MB while it is decoded, 40 of what phones make
	maxPlainPixels = 6 << 20  // of others, which may have eight bytes a pixel
	maxScans       = 40       // of a JPEG: each costs a pass over the whole picture
	quality        = 82
)

// decoding lets one picture be open at a time: memory is the whole program's.
var decoding = make(chan struct{}, 1)

// refused is why a picture cannot be opened: photos of telephones are told apart.
func refused(head []byte, cause error) error {
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		if brand := string(head[8:12]); strings.HasPrefix(brand, "hei") || strings.HasPrefix(brand, "hev") || brand == "mif1" || brand == "msf1" {
			return kernel.Invalid("picture_heic").Because(cause)
		}
	}
	return kernel.Invalid("picture_unreadable").Because(cause)
}

// Size reads how large a picture is, upright, from its beginning. Codes: picture_heic,
// picture_unreadable if it is none that can be shown.
func Size(r io.Reader) (width, height int, err error) {
	var head bytes.Buffer
	config, format, err := image.DecodeConfig(io.TeeReader(r, &head))
	if err != nil {
		return 0, 0, refused(head.Bytes(), err)
	}
	if format == "jpeg" && orientation(head.Bytes()) >= 5 {
		return config.Height, config.Width, nil
	}
	return config.Width, config.Height, nil
}

// Decode opens a JPEG, PNG, GIF or WebP and hands it to use, with its orientation.
// Codes: picture_heic, picture_unreadable, picture_too_many_pixels. It waits while another is open.
func Decode(ctx context.Context, raw []byte, use func(p image.Image, orientation int) error) error {
	config, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return refused(raw, err)
	}
	limit, lies := maxPlainPixels, 1
	if format == "jpeg" {
		limit, lies = maxPhotoPixels, orientation(raw)
	}
	if config.Width < 1 || config.Height < 1 || config.Width > limit/config.Height {
		return kernel.Invalid("picture_too_many_pixels").With("max", limit)
	}
	if format == "jpeg" && bytes.Count(raw, []byte{0xff, 0xda}) > maxScans {
		return kernel.Invalid("picture_unreadable")
	}
	select {
	case decoding <- struct{}{}:
		defer func() { <-decoding }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return kernel.Invalid("picture_unreadable").Because(err)
	}
	return use(p, lies)
}

// Preview makes a JPEG of at most `most` pixels on its longer side: upright, on white.
func Preview(ctx context.Context, raw []byte, most int) ([]byte, error) {
	var out bytes.Buffer
	err := Decode(ctx, raw, func(p image.Image, lies int) error {
		if err := jpeg.Encode(&out, Upright(shrink(p, most), lies), &jpeg.Options{Quality: quality}); err != nil {
			return fmt.Errorf("write the picture: %w", err)
		}
		return nil
	})
	return out.Bytes(), err
}

// shrink makes a picture at most `most` pixels long, on white. It takes the mean of
// whole squares first, row by row: a better filter would need five times the memory of
// the picture.
func shrink(p image.Image, most int) *image.RGBA {
	from := p.Bounds()
	longer := max(from.Dx(), from.Dy())
	mean := means(p, max(1, longer/most))
	if longer = max(mean.Rect.Dx(), mean.Rect.Dy()); longer <= most {
		return mean
	}
	out := image.NewRGBA(image.Rect(0, 0, max(1, mean.Rect.Dx()*most/longer), max(1, mean.Rect.Dy()*most/longer)))
	draw.ApproxBiLinear.Scale(out, out.Bounds(), mean, mean.Bounds(), draw.Src, nil)
	return out
}

// means makes each n by n pixels one. What is left at the edges is dropped.
func means(p image.Image, n int) *image.RGBA {
	from := p.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, max(1, from.Dx()/n), max(1, from.Dy()/n)))
	band := image.NewRGBA(image.Rect(0, 0, from.Dx(), min(n, from.Dy())))
	for y := range out.Rect.Dy() {
		draw.Draw(band, band.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(band, band.Rect, p, image.Pt(from.Min.X, from.Min.Y+y*n), draw.Over)
		for x := range out.Rect.Dx() {
			var r, g, b, count int
			for by := range band.Rect.Dy() {
				for bx := x * n; bx < min(x*n+n, from.Dx()); bx++ {
					at := band.PixOffset(bx, by)
					r, g, b, count = r+int(band.Pix[at]), g+int(band.Pix[at+1]), b+int(band.Pix[at+2]), count+1
				}
			}
			out.SetRGBA(x, y, color.RGBA{uint8(r / count), uint8(g / count), uint8(b / count), 255})
		}
	}
	return out
}

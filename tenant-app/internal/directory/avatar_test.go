package directory

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// quarters is a picture whose corners are red, green, blue and black, clockwise
// from the top left.
func quarters(width, height int) *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{A: 255}
			switch left, top := x < width/2, y < height/2; {
			case left && top:
				c.R = 255
			case top:
				c.G = 255
			case !left:
				c.B = 255
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

func asJPEG(t testing.TB, p image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asPNG(t testing.TB, p image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// lying adds to a JPEG how the camera was held.
func lying(raw []byte, orientation byte, order binary.ByteOrder) []byte {
	tiff := []byte("II")
	if order == binary.BigEndian {
		tiff = []byte("MM")
	}
	field16 := func(v uint16) { tiff = append(tiff, 0, 0); order.PutUint16(tiff[len(tiff)-2:], v) }
	field32 := func(v uint32) { tiff = append(tiff, 0, 0, 0, 0); order.PutUint32(tiff[len(tiff)-4:], v) }
	field16(42)
	field32(8)
	field16(2) // two entries: a width, then the orientation
	for _, entry := range [][2]uint16{{0x0100, 600}, {0x0112, uint16(orientation)}} {
		field16(entry[0])
		field16(3)
		field32(1)
		field16(entry[1])
		field16(0)
	}
	field32(0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2))...)
	return append(append(out, segment...), raw[2:]...)
}

// corners names the corners of a picture, clockwise from the top left.
func corners(t *testing.T, raw []byte) string {
	t.Helper()
	p, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if p.Bounds() != image.Rect(0, 0, 256, 256) {
		t.Fatalf("the picture is %v", p.Bounds())
	}
	out := ""
	for _, at := range []image.Point{{20, 20}, {235, 20}, {235, 235}, {20, 235}} {
		r, g, b, _ := p.At(at.X, at.Y).RGBA()
		switch high := uint32(0xc000); {
		case r > high && g > high && b > high:
			out += "W"
		case r > high:
			out += "R"
		case g > high:
			out += "G"
		case b > high:
			out += "B"
		default:
			out += "K"
		}
	}
	return out
}

func TestAvatarIsSquareAndUpright(t *testing.T) {
	upright := asJPEG(t, quarters(600, 400))
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"wide JPEG":          {upright, "RGBK"},
		"tall PNG":           {asPNG(t, quarters(300, 500)), "RGBK"},
		"transparent PNG":    {asPNG(t, image.NewRGBA(image.Rect(0, 0, 64, 64))), "WWWW"},
		"tiny":               {asPNG(t, quarters(2, 2)), "RGBK"},
		"EXIF 1":             {lying(upright, 1, binary.LittleEndian), "RGBK"},
		"EXIF 2 mirrored":    {lying(upright, 2, binary.LittleEndian), "GRKB"},
		"EXIF 3 on head":     {lying(upright, 3, binary.BigEndian), "BKRG"},
		"EXIF 4":             {lying(upright, 4, binary.LittleEndian), "KBGR"},
		"EXIF 5":             {lying(upright, 5, binary.LittleEndian), "RKBG"},
		"EXIF 6 on side":     {lying(upright, 6, binary.BigEndian), "KRGB"},
		"EXIF 7":             {lying(upright, 7, binary.LittleEndian), "BGRK"},
		"EXIF 8 on side":     {lying(upright, 8, binary.LittleEndian), "GBKR"},
		"EXIF 9 is nonsense": {lying(upright, 9, binary.LittleEndian), "RGBK"},
	} {
		got, err := makeAvatar(t.Context(), c.raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if corners := corners(t, got); corners != c.want {
			t.Errorf("%s has corners %s, want %s", name, corners, c.want)
		}
	}
}

func TestAvatarForgetsWhereAPhotoWasTaken(t *testing.T) {
	raw := lying(asJPEG(t, quarters(64, 64)), 6, binary.LittleEndian)
	got, err := makeAvatar(t.Context(), raw)
	if err != nil || !bytes.Contains(raw, []byte("Exif")) || bytes.Contains(got, []byte("Exif")) {
		t.Errorf("what was in the file besides the picture is kept (%v)", err)
	}
}

// hugePNG is a few bytes that say they are a picture of that size.
func hugePNG(width, height uint32) []byte {
	var out bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, body []byte) {
		_ = binary.Write(&out, binary.BigEndian, uint32(len(body)))
		sum := crc32.NewIEEE()
		_, _ = sum.Write(append([]byte(kind), body...))
		out.WriteString(kind)
		out.Write(body)
		_ = binary.Write(&out, binary.BigEndian, sum.Sum32())
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	chunk("IHDR", append(head, 8, 6, 0, 0, 0))
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

func TestAvatarBombsAreRefused(t *testing.T) {
	random := make([]byte, MaxAvatarBytes+1)
	for i := range random {
		random[i] = byte(rand.IntN(256))
	}
	scans := asJPEG(t, quarters(64, 64))
	scans = append(scans, bytes.Repeat([]byte{0xff, 0xda, 0, 2}, 41)...)
	for name, c := range map[string]struct {
		raw  []byte
		code string
	}{
		"too large":        {random, "picture_too_large"},
		"no picture":       {[]byte("<svg onload=alert(1)>"), "picture_unreadable"},
		"HEIC":             {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "picture_heic"},
		"HEIF":             {[]byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00heic"), "picture_heic"},
		"a film":           {[]byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isom"), "picture_unreadable"},
		"GIF":              {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "picture_unreadable"},
		"empty":            {nil, "picture_unreadable"},
		"cut off":          {asPNG(t, quarters(64, 64))[:100], "picture_unreadable"},
		"huge PNG":         {hugePNG(50_000, 50_000), "picture_too_many_pixels"},
		"beyond int32":     {hugePNG(0x7fffffff, 0x7fffffff), "picture_unreadable"},
		"just too large":   {hugePNG(3000, 3000), "picture_too_many_pixels"},
		"a thousand scans": {scans, "picture_unreadable"},
	} {
		if _, err := makeAvatar(t.Context(), c.raw); !kernel.HasCode(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

func FuzzMakeAvatar(f *testing.F) {
	f.Add(asPNG(f, quarters(4, 4)))
	f.Add(lying(asJPEG(f, quarters(8, 8)), 6, binary.LittleEndian))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00*\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if config, _, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil && config.Width*config.Height > 1<<20 {
			t.Skip("slow")
		}
		if picture, err := makeAvatar(t.Context(), raw); err == nil {
			if config, err := jpeg.DecodeConfig(bytes.NewReader(picture)); err != nil || config.Width != 256 || config.Height != 256 {
				t.Fatalf("made %+v (%v)", config, err)
			}
		}
	})
}

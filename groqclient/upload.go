package groqclient

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/go-retryablehttp"
)

// An Upload is a file to send. It is opened again for every attempt and never
// held in memory; see [UploadPath] and [UploadBytes].
type Upload struct {
	Name        string // file name that the server sees
	ContentType string
	Size        int64 // bytes; exactly so many are sent
	Open        func() (io.ReadCloser, error)
}

// UploadPath describes the regular file at path.
func UploadPath(path string) (*Upload, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("groqclient: %s: not a regular file", path)
	}
	name := filepath.Base(path)
	return &Upload{
		Name: name, ContentType: contentTypeOf(name), Size: info.Size(),
		Open: func() (io.ReadCloser, error) { return os.Open(path) },
	}, nil
}

// UploadBytes describes data that is in memory already, such as standard input.
func UploadBytes(name string, data []byte) *Upload {
	return &Upload{
		Name: name, ContentType: contentTypeOf(name), Size: int64(len(data)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

// contentTypeOf goes by the file name. The formats of the API are listed here,
// because what package mime knows depends on the machine.
func contentTypeOf(name string) string {
	ext := strings.ToLower(filepath.Ext(name))
	known := map[string]string{
		".flac": "audio/flac", ".mp3": "audio/mpeg", ".mp4": "audio/mp4", ".mpeg": "audio/mpeg", ".mpga": "audio/mpeg",
		".m4a": "audio/mp4", ".ogg": "audio/ogg", ".wav": "audio/wav", ".webm": "audio/webm", ".jsonl": "application/jsonl",
		".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	}
	if t, ok := known[ext]; ok {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// A form is a multipart request body: fields, then at most one file.
type form struct {
	fields [][2]string
	file   *Upload
}

// add appends a field unless its value is empty.
func (f *form) add(name, value string) {
	if value != "" {
		f.fields = append(f.fields, [2]string{name, value})
	}
}

// body returns a function that makes the body anew for each attempt. The file
// is read while it is sent; what surrounds it is prepared here.
func (f *form) body() (retryablehttp.ReaderFunc, string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, field := range f.fields {
		if err := w.WriteField(field[0], field[1]); err != nil {
			return nil, "", err
		}
	}
	if err := f.writeFileHeader(w); err != nil {
		return nil, "", err
	}
	head := bytes.Clone(b.Bytes())
	b.Reset()
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	tail := b.Bytes()
	return func() (io.Reader, error) { return &formReader{head: head, file: f.file, tail: tail}, nil }, w.FormDataContentType(), nil
}

func (f *form) writeFileHeader(w *multipart.Writer) error {
	if f.file == nil {
		return nil
	}
	if f.file.Open == nil || f.file.Size < 0 {
		return errors.New("groqclient: upload without Open or with a negative Size")
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", multipart.FileContentDisposition("file", f.file.Name))
	h.Set("Content-Type", f.file.ContentType)
	_, err := w.CreatePart(h)
	return err
}

// A formReader reads head, file and tail. It opens the file when it is first
// read, so that asking for the length costs nothing.
type formReader struct {
	head, tail []byte
	file       *Upload
	all        io.Reader
	opened     io.Closer
}

// Len is the number of bytes in all, for the Content-Length.
func (r *formReader) Len() int {
	n := len(r.head) + len(r.tail)
	if r.file != nil {
		n += int(r.file.Size)
	}
	return n
}

func (r *formReader) Read(p []byte) (int, error) {
	if r.all == nil {
		if err := r.open(); err != nil {
			return 0, err
		}
	}
	return r.all.Read(p)
}

func (r *formReader) open() error {
	parts := []io.Reader{bytes.NewReader(r.head)}
	if r.file != nil {
		f, err := r.file.Open()
		if err != nil {
			return err
		}
		r.opened = f
		parts = append(parts, io.LimitReader(f, r.file.Size))
	}
	r.all = io.MultiReader(append(parts, bytes.NewReader(r.tail))...)
	return nil
}

// Close closes the file.
func (r *formReader) Close() error {
	if r.opened == nil {
		return nil
	}
	return r.opened.Close()
}

// formCall builds a POST of the form to path under the API root.
func (c *Client) formCall(path string, f *form) (call, error) {
	body, contentType, err := f.body()
	if err != nil {
		return call{}, err
	}
	return call{
		method: http.MethodPost, url: c.t.urls.api + path, accept: "application/json",
		form: body, contentType: contentType,
	}, nil
}

package main

import (
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
)

// filesFlags are those of `lpuctl files` and the verbs below it.
type filesFlags struct {
	groqFlags
	purpose, output, file string
}

func newFiles(a *app) *cobra.Command {
	var f filesFlags
	cmd := &cobra.Command{
		Use:   "files",
		Short: "List, upload, show and delete the files that the Groq API keeps",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	f.register(cmd)
	cmd.AddCommand(newFilesList(a, &f), newFilesUpload(a, &f), newFilesShow(a, &f), newFilesContent(a, &f), newFilesDelete(a, &f))
	return cmd
}

func newFilesList(a *app, f *filesFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the files",
		Example: "  lpuctl files list\n  lpuctl files list -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withOutput(cmd, &f.groqFlags, f.output, func(c *groqclient.Client) error {
				files, err := c.Files(cmd.Context())
				if err != nil {
					return err
				}
				return a.showFiles(files, f.output)
			})
		},
	}
	outputFlag(cmd, &f.output)
	return cmd
}

func newFilesUpload(a *app, f *filesFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "upload FILE",
		Short:   "Upload a file and print its id",
		Example: "  lpuctl files upload requests.jsonl",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := groqclient.UploadPath(args[0])
			if err != nil {
				return err
			}
			return a.withOutput(cmd, &f.groqFlags, f.output, func(c *groqclient.Client) error {
				info, err := c.UploadFile(cmd.Context(), file, f.purpose)
				if err != nil {
					return err
				}
				return a.show(f.output, info, info.ID)
			})
		},
	}
	cmd.Flags().StringVar(&f.purpose, "purpose", groqclient.PurposeBatch, "what the file is for")
	outputFlag(cmd, &f.output)
	return cmd
}

func newFilesShow(a *app, f *filesFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Describe a file",
		Example: "  lpuctl files show file_01abc -o json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withOutput(cmd, &f.groqFlags, f.output, func(c *groqclient.Client) error {
				info, err := c.File(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if f.output == "json" {
					return writeJSON(a.out, info)
				}
				return a.showFiles([]groqclient.FileInfo{*info}, f.output)
			})
		},
	}
	outputFlag(cmd, &f.output)
	return cmd
}

func newFilesContent(a *app, f *filesFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "content ID",
		Short:   "Print the content of a file",
		Example: "  lpuctl files content file_01abc -o results.jsonl",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withClient(cmd, &f.groqFlags, func(c *groqclient.Client) error {
				return a.writeTo(f.file, func(w io.Writer) error {
					_, err := c.FileContent(cmd.Context(), args[0], w)
					return err
				})
			})
		},
	}
	cmd.Flags().StringVarP(&f.file, "output", "o", "", "`file` to write instead of stdout")
	return cmd
}

func newFilesDelete(a *app, f *filesFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "delete ID",
		Short:   "Delete a file",
		Example: "  lpuctl files delete file_01abc",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withOutput(cmd, &f.groqFlags, f.output, func(c *groqclient.Client) error {
				deleted, err := c.DeleteFile(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.show(f.output, deleted, "deleted "+deleted.ID)
			})
		},
	}
	outputFlag(cmd, &f.output)
	return cmd
}

func (a *app) showFiles(files []groqclient.FileInfo, output string) error {
	if output == "json" {
		return writeJSON(a.out, map[string]any{"files": append([]groqclient.FileInfo{}, files...)})
	}
	var rows [][]string
	for _, f := range files {
		rows = append(rows, []string{f.ID, unixTime(f.CreatedAt), f.Purpose, strconv.FormatInt(f.Bytes, 10), f.Filename})
	}
	return a.table(rows)
}

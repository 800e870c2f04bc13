package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/internal/history"
)

func newConversations(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "conversations",
		Short: "List, show, search, export and delete kept conversations",
		Example: `  lpuctl conversations list
  lpuctl conversations search fondue`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("%s: which of its verbs?", cmd.CommandPath())
		},
	}
	cmd.AddCommand(
		newConversationsList(a), newConversationsShow(a), newConversationsSearch(a),
		newConversationsExport(a), newConversationsDelete(a),
	)
	return cmd
}

// withHistory runs f on the open database.
func withHistory(ctx context.Context, f func(*history.Store) error) error {
	store, err := openHistory(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(store), store.Close())
}

func newConversationsList(a *app) *cobra.Command {
	var output string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List conversations, the newest first",
		Example: "  lpuctl conversations list\n  lpuctl conversations list -n 0 -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return withHistory(cmd.Context(), func(s *history.Store) error {
				all, err := s.List(cmd.Context(), limit)
				if err != nil {
					return err
				}
				return a.printConversations(all, output)
			})
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "most conversations to list (0: all)")
	outputFlag(cmd, &output)
	return cmd
}

func (a *app) printConversations(all []history.Conversation, output string) error {
	if output == "json" {
		return writeJSON(a.out, append([]history.Conversation{}, all...))
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, c := range all {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", c.ID, localTime(c.Updated), c.Messages, c.Model, printable(c.Title))
	}
	return w.Flush()
}

func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func newConversationsShow(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:               "show ID",
		Short:             "Print a conversation",
		Example:           "  lpuctl conversations show q3zx\n  lpuctl conversations show q3zx -o json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeConversations,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return withHistory(cmd.Context(), func(s *history.Store) error {
				c, err := readConversation(cmd.Context(), s, args[0])
				if err != nil {
					return err
				}
				return a.printConversation(c, output)
			})
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

// conversation is what `lpuctl conversations show -o json` and export print.
type conversation struct {
	history.Conversation
	Messages []history.Message `json:"messages"`
}

func readConversation(ctx context.Context, s *history.Store, id string) (*conversation, error) {
	head, err := s.Conversation(ctx, id)
	if err != nil {
		return nil, err
	}
	messages, err := s.Messages(ctx, head.ID)
	return &conversation{head, messages}, err
}

func (a *app) printConversation(c *conversation, output string) error {
	if output == "json" {
		return writeJSON(a.out, c)
	}
	for i, m := range c.Messages {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		if _, err := fmt.Fprintf(a.out, "%s:\n%s\n", messageTitle(m), printable(m.Text)); err != nil {
			return err
		}
	}
	return nil
}

func messageTitle(m history.Message) string {
	title := m.Role + ", " + localTime(m.Created)
	if m.Model != "" {
		title += ", " + m.Model
	}
	if m.Partial {
		title += ", cut short"
	}
	return title
}

func newConversationsSearch(a *app) *cobra.Command {
	var output string
	var limit int
	cmd := &cobra.Command{
		Use:     "search WORD...",
		Short:   "Find the messages that have all the words, or words that begin so",
		Example: "  lpuctl conversations search fondue\n  lpuctl conversations search rayleigh sky -o json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return withHistory(cmd.Context(), func(s *history.Store) error {
				hits, err := s.Search(cmd.Context(), strings.Join(args, " "), limit)
				if err != nil {
					return err
				}
				return a.printHits(hits, output)
			})
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "most messages to print (0: all)")
	outputFlag(cmd, &output)
	return cmd
}

func (a *app) printHits(hits []history.Hit, output string) error {
	if output == "json" {
		return writeJSON(a.out, append([]history.Hit{}, hits...))
	}
	for _, h := range hits {
		excerpt := strings.Join(strings.Fields(printable(h.Excerpt)), " ")
		if _, err := fmt.Fprintf(a.out, "%s  %s: %s\n", h.Conversation, h.Role, excerpt); err != nil {
			return err
		}
	}
	return nil
}

func newConversationsExport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "export [ID...]",
		Short:             "Print conversations as JSON, one a line; all of them without an ID",
		Example:           "  lpuctl conversations export > backup.jsonl\n  lpuctl conversations export q3zx",
		ValidArgsFunction: completeConversations,
		RunE: func(cmd *cobra.Command, ids []string) error {
			return withHistory(cmd.Context(), func(s *history.Store) error {
				return a.exportConversations(cmd.Context(), s, ids)
			})
		},
	}
}

func (a *app) exportConversations(ctx context.Context, s *history.Store, ids []string) error {
	if len(ids) == 0 {
		all, err := s.List(ctx, 0)
		if err != nil {
			return err
		}
		for _, c := range all {
			ids = append(ids, c.ID)
		}
	}
	for _, id := range ids {
		c, err := readConversation(ctx, s, id)
		if err != nil {
			return err
		}
		if err := writeLine(a.out, c); err != nil {
			return err
		}
	}
	return nil
}

func newConversationsDelete(a *app) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:               "delete ID...",
		Short:             "Delete conversations for good",
		Example:           "  lpuctl conversations delete q3zx\n  lpuctl conversations delete --all",
		ValidArgsFunction: completeConversations,
		RunE: func(cmd *cobra.Command, ids []string) error {
			if all == (len(ids) > 0) {
				return usagef("give either IDs or --all")
			}
			return withHistory(cmd.Context(), func(s *history.Store) error {
				return a.deleteConversations(cmd.Context(), s, ids)
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "delete all conversations")
	return cmd
}

// deleteConversations deletes those named, all if none is. It looks all of them
// up first, so that a wrong id deletes nothing.
func (a *app) deleteConversations(ctx context.Context, s *history.Store, ids []string) error {
	var found []history.Conversation
	if len(ids) == 0 {
		var err error
		if found, err = s.List(ctx, 0); err != nil {
			return err
		}
	}
	for _, id := range ids {
		c, err := s.Conversation(ctx, id)
		if err != nil {
			return err
		}
		found = append(found, c)
	}
	for _, c := range found {
		if err := s.Delete(ctx, c.ID); err != nil && !errors.Is(err, history.ErrNotFound) {
			return err
		}
	}
	if !a.quiet {
		fmt.Fprintf(a.err, "deleted: %d\n", len(found))
	}
	return nil
}

// completeConversations completes the ids of the latest conversations.
func completeConversations(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	err := withHistory(cmd.Context(), func(s *history.Store) error {
		all, err := s.List(cmd.Context(), 50)
		for _, c := range all {
			ids = append(ids, cobra.CompletionWithDesc(c.ID, printable(c.Title)))
		}
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

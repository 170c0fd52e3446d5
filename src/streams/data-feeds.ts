/** Which of the market's feeds carries a symbol: each is a connection of its own, and falls silent alone. */
import type { AssetClass, CalendarName } from '../domain/instrument.ts';
import type { FeedName } from '../events/feed.events.ts';

export const dataFeeds = ['stocks', 'options', 'crypto'] as const satisfies readonly FeedName[];
export type DataFeed = (typeof dataFeeds)[number];

export const calendarOfFeed = (feed: FeedName): CalendarName =>
  feed === 'crypto' || feed === 'orders' ? '24x7' : 'XNYS';

export const feedOf = ({
  assetClass,
  calendar,
}: {
  readonly assetClass: AssetClass;
  readonly calendar: CalendarName;
}): DataFeed => (assetClass === 'option' ? 'options' : calendar === '24x7' ? 'crypto' : 'stocks');

/** Line icons of the parts that are fetched later; see `shapes.ts`. */
export const laterIcons = {
  receipt:
    'M5.5 3v18l2.2-1.5L9.8 21l2.2-1.5 2.2 1.5 2.1-1.5 2.2 1.5V3l-2.2 1.5L14.2 3 12 4.5 9.8 3 7.7 4.5 5.5 3ZM9 9.5h6M9 13.5h6',
  download: 'M12 4v11M7.5 11 12 15.5 16.5 11M4.5 20h15',
  print: 'M7 8.5V3.5h10v5M7 17H4V9h16v8h-3M7 14h10v6.5H7z',
  out: 'M14 4h6v6M20 4l-9 9M17 14v6H4V7h6',
  user: 'M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6',
  speaker: 'M4 9.5v5h3.5L12 19V5L7.5 9.5H4ZM15.5 9a4.3 4.3 0 0 1 0 6M18.3 6.3a8.2 8.2 0 0 1 0 11.4',
  code: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM17.5 17.5H20V20h-2.5zM14 20h1M20 14v1',
} as const;

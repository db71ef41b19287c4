import { useEffect, useState } from "react";
import { db } from "./db";

/** Open the browser's storage; where that fails, whoever draws the page is told by an error. */
export function useStorage(): void {
  const [failure, setFailure] = useState<unknown>(null);
  useEffect(() => {
    db.open().catch(setFailure);
  }, []);
  if (failure !== null) throw failure;
}

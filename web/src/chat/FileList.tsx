import { CloseButton, Group } from "@mantine/core";
import { IconFile } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { Upload } from "../store/db";
import classes from "./Message.module.css";

/** Pictures that show themselves; SVG is left out, since it can hold more than a picture. */
const SHOWN = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;

/** Files that go with a message. */
export function FileList({ files, onRemove }: { files: Upload[]; onRemove?: (number: number) => void }) {
  if (!files.length) return null;
  return (
    <Group gap="xs" component="ul" className={classes.files} aria-label="Files">
      {files.map((file, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two files may have the same name
        <li key={number} className={classes.file}>
          {SHOWN.test(file.type) ? <Thumbnail file={file} /> : <IconFile size={16} aria-hidden />}
          <span className={classes.fileName}>{file.name}</span>
          <span className={classes.fileSize}>{sizeText(file.data.size)}</span>
          {onRemove && <CloseButton size="sm" aria-label={`Remove ${file.name}`} onClick={() => onRemove(number)} />}
        </li>
      ))}
    </Group>
  );
}

function Thumbnail({ file }: { file: Upload }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(file.data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file.data]);
  return url ? <img src={url} alt="" className={classes.thumbnail} /> : null;
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

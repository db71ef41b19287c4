import { Anchor, Group } from "@mantine/core";
import { IconFile } from "@tabler/icons-react";
import { ownFile } from "../api/files";
import type { Attachment } from "../api/types";
import { isAddress } from "../markdown/rules";
import classes from "./Message.module.css";

/** The files of an answer: pictures, sound and films that the gateway passes on are shown, all else is linked. */
export function Attachments({ files }: { files: Attachment[] }) {
  const reachable = files.filter((file) => isAddress(file.url));
  if (!reachable.length) return null;
  return (
    <Group gap="xs" mt="xs" align="end">
      {reachable.map((file) => (
        <File key={file.url} file={file} />
      ))}
    </Group>
  );
}

function File({ file }: { file: Attachment }) {
  const own = ownFile(file.url);
  const name = nameOf(file);
  const kind = own ? kindOf(file) : undefined;
  const address = own ?? file.url;
  if (kind === "image")
    return (
      <Anchor href={address} target="_blank" rel="noopener noreferrer" title={name}>
        <img src={address} alt={file.alt_text || name} className={classes.shown} loading="lazy" />
      </Anchor>
    );
  if (kind === "audio" || kind === "video") {
    const Player = kind;
    return <Player src={address} controls preload="metadata" aria-label={name} className={classes.shown} />;
  }
  return (
    <Anchor href={address} target="_blank" rel="noopener noreferrer nofollow" size="sm">
      <IconFile size={14} aria-hidden /> <bdi>{name}</bdi>
    </Anchor>
  );
}

/** What a file is for who sees or hears it; the app's own word counts where it does not say the type. */
function kindOf(file: Attachment): string | undefined {
  return file.mime_type ? file.mime_type.split("/")[0] : file.kind;
}

/** The name of a file, without signs that turn what follows them: they would show another ending than it has. */
function nameOf(file: Attachment): string {
  return (file.name || file.alt_text || file.kind || "attachment").replace(
    /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    "",
  );
}

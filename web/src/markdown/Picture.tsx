import { Button } from "@mantine/core";
import { IconPhotoOff } from "@tabler/icons-react";
import { ownFile } from "../api/files";
import classes from "./Markdown.module.css";
import { isOwnPicture } from "./rules";

/** A picture of the answer's own; one of another host is only opened, in a tab of its own, when the user asks. */
export function Picture({ source, text }: { source: string; text: string }) {
  const own = isOwnPicture(source) ? source : ownFile(source);
  if (own) return <img src={own} alt={text} />;
  if (!source) return <span>{text}</span>;
  return (
    <Button
      component="a"
      href={source}
      target="_blank"
      rel="noopener noreferrer nofollow"
      variant="default"
      size="compact-sm"
      leftSection={<IconPhotoOff size={16} aria-hidden />}
      classNames={{ root: classes.picture, label: classes.pictureLabel }}
      title={source}
    >
      Open the picture {text ? `“${text}” ` : ""}at {hostOf(source)}
    </Button>
  );
}

function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return "another host";
  }
}

/** The page: opens what the address names, and shows it. */

import { startApp } from "./ui/app";
import "./ui/styles.css";

startApp(document.getElementById("app")!);
